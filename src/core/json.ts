/** What travels in and out: a leaf of its own, since a job has marks and terms, and they have values. */

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

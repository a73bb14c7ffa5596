/** The few tenants and types that there are, so that commands meet. */
export const TENANTS = ['t1', 't2'] as const;
export const TYPES = ['x', 'y'] as const;

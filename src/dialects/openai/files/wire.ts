/** Files on the wire. */
import { type Static, Type } from 'typebox';

export const FileObject = Type.Object({
  id: Type.String({ pattern: '^file-[0-9a-f]{32}$' }),
  object: Type.Literal('file'),
  bytes: Type.Integer(),
  created_at: Type.Integer(),
  expires_at: Type.Integer(),
  filename: Type.String(),
  purpose: Type.String(),
  status: Type.Literal('processed'),
  status_details: Type.Null(),
});
export type FileObject = Static<typeof FileObject>;

/** What files are for: those that are sent, and those that a batch has made. */
export const PURPOSE = 'batch';
export const OUTPUT_PURPOSE = 'batch_output';

/** As the vendor bounds them. */
export const FILES_PER_PAGE = 10_000;
export const EXPIRES_SECONDS_MIN = 3_600;
export const EXPIRES_SECONDS_MAX = 2_592_000;

/** The secret of every rig, so that what is made of it is the same in every run: golden exchanges are compared byte for byte. */
import type { Documents } from '../../engine/api.ts';
import { jobIdsOf, type NumberCipher } from '../../http/number-cipher.ts';
import { SECRET_DOCUMENT } from '../../http/secret.ts';

const KEY = Buffer.alloc(32, 'suite');

export async function writeSuiteSecret(documents: Pick<Documents, 'documentWrite'>): Promise<void> {
  const data = { key: KEY.toString('base64') };
  await documents.documentWrite({ ...SECRET_DOCUMENT, data, expectRevision: 0, now: 0 });
}

/** Job numbers as ids, as dialects on a rig give them to callers whose ids must be numbers. */
export const suiteJobIds: NumberCipher = jobIdsOf(KEY);

/** Replicate's client: a prediction that is held, and polled when that was too short. */
import Replicate from 'replicate';
import type { Json } from '../../src/core/job.ts';
import type { StandardClient } from './client.ts';

export const replicateClient: StandardClient = {
  name: 'replicate',
  title: 'replicate: predictions, run',
  async open({ url, key }) {
    const replicate = new Replicate({ baseUrl: `${url}/replicate/v1`, auth: key });
    return {
      run: async (type, input) => (await replicate.run(`bide/${type}`, { input: (input ?? {}) as object })) as Json,
    };
  },
};

/** A dialect that shares nothing with any other: it takes only its own content type, and complains in plain words of its own. */
import type { Dialect } from '../../http/dialect.ts';
import { frame } from '../frame.ts';

/** What the neighbour answers to any error. */
export const NEIGHBOUR_ERROR = { neighbour: 'no' };

const errorBody: Dialect['errorBody'] = () => ({ status: 418, body: NEIGHBOUR_ERROR });

export const neighbour: Dialect = {
  name: 'neighbour',
  title: 'Neighbour',
  vocabulary: {
    words: ['there'],
    states: {
      scheduled: 'there',
      queued: 'there',
      retrying: 'there',
      running: 'there',
      succeeded: 'there',
      failed: 'there',
      cancelled: 'there',
      expired: 'there',
    },
    unsupported: {},
  },
  serves: [],
  omits: [],
  errorBody,
  setup: 'curl "{url}"',
  parseOptions: () => ({ kind: 'options', options: undefined }),
  playground: undefined,
  register(app) {
    frame(app, { errorBody }, (framed) => {
      framed.addContentTypeParser('application/x-neighbour', { parseAs: 'string' }, (_request, body, done) =>
        done(null, body),
      );
      framed.post('/echo', (request) => ({ body: request.body }));
    });
  },
};

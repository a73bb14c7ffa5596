/** The schemas of the feed. */
import { type TSchema, Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { EVENT_WORDS } from '../../core/webhooks/event-words.ts';
import { filterProperties, TAG_RULE, TYPES_MAX } from './wire-lists.ts';
import { durations, oneOf, strict, time } from './wire-parts.ts';

export function feedSchemas<Job extends TSchema>(limits: Limits, job: Job) {
  const { seconds } = durations(limits);
  const { state, type, tag } = filterProperties(limits);
  return {
    feedQuery: Type.Object(
      {
        type: Type.Optional(Type.Array(type, { description: 'May be repeated.', maxItems: TYPES_MAX })),
        state: Type.Optional(
          Type.Array(state, { description: 'What the job was in by the change. May be repeated.', maxItems: 20 }),
        ),
        tag: Type.Optional(
          Type.Array(tag, { description: `\`name:value\`; may be repeated, ${TAG_RULE}`, maxItems: limits.tagsMax }),
        ),
        after: Type.Optional(
          Type.String({
            maxLength: 200,
            description:
              'A cursor: only what is behind it. `oldest`: all that is kept. Where left out, what happens from now on.',
          }),
        ),
        wait: Type.Optional(seconds('Seconds to hold the answer while there is no such change; not for streams.')),
      },
      strict,
    ),
    feedHeaders: Type.Object({
      'last-event-id': Type.Optional(
        Type.String({ maxLength: 200, description: 'Of a stream: the id of the last event; wins over `after`.' }),
      ),
    }),
    feed: Type.Object(
      {
        events: Type.Array(
          Type.Object(
            {
              kind: oneOf(EVENT_WORDS, 'What happened.'),
              at: time('When it happened.'),
              cursor: Type.String({ description: 'For what is behind this change.' }),
              job,
            },
            { title: 'JobEvent' },
          ),
        ),
        next: Type.String({ description: 'Pass as `after` for what comes behind, also where there are no events.' }),
        gap: Type.Boolean({
          description: 'Changes behind `after` are kept no more. `next` is the newest; read lists anew.',
        }),
      },
      { title: 'FeedPage' },
    ),
  };
}

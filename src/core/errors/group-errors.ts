/** What is said of groups. */
import type { ErrorDefinition } from './definition.ts';

export const GROUP_ERRORS = {
  GROUP_NOT_FOUND: {
    kind: 'not_found',
    title: 'There is no group with this id.',
    advice:
      'Check the id and the key: `GET /v1/groups` lists those of your tenant. A group is removed retainMs after its end.',
  },
  GROUP_CLOSED: {
    kind: 'conflict',
    title: 'The group is closed: it takes no more members.',
    advice: 'Make the group with isOpen true, add all members, then close it.',
  },
  GROUP_FULL: {
    kind: 'conflict',
    title: 'The group has as many members as it may.',
    advice: 'Begin another group, or raise the limit named in `limit`.',
  },
  GROUP_MEMBER_UNKNOWN: {
    kind: 'unprocessable',
    title: 'The group was to get jobs that are not there.',
    advice:
      'Use the ids of jobs of your tenant that have not been removed; `ids` has those that are none. Nothing was added.',
  },
  GROUP_MEMBER_TAKEN: {
    kind: 'conflict',
    title: 'A job is in another group already.',
    advice: 'A job is in one group at most; `id` names the job. Nothing was added.',
  },
  TOO_MANY_GROUPS: {
    kind: 'quota',
    title: 'The tenant has as many groups as it may.',
    advice: 'Remove some, or make them with a shorter retainMs.',
  },
} satisfies Record<string, ErrorDefinition>;

/** The schemas of groups. */
import { type TSchema, Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { SHOWN_STATES } from '../../core/state.ts';
import { durations, nullable, oneOf, strict, time } from './wire-parts.ts';

/** By a name: a property `then` in source looks like that of a promise, which the linter refuses. */
export const THEN = 'then';

const count = Type.Integer();

function shapeOf() {
  const asked = (when: string) =>
    nullable(
      Type.Object(
        { type: Type.String(), jobId: nullable(Type.String({ description: 'Once it is submitted.' })) },
        { description: `Submitted ${when}; null where nothing was asked for.` },
      ),
    );
  return Type.Object(
    {
      id: Type.String({ format: 'uuid' }),
      state: oneOf(
        ['open', 'running', 'finished'],
        'Open while members may be added, running until all are final, finished from then on.',
      ),
      outcome: nullable(oneOf(['succeeded', 'failed'], 'Succeeded where all members had, as they were at the end.')),
      total: Type.Integer({ description: 'Members; those that were removed since count on.' }),
      counts: Type.Object({ unfinished: count, succeeded: count, failed: count, cancelled: count, expired: count }),
      percent: Type.Integer({ description: 'Of members that are final; 100 once all are.' }),
      revision: Type.Integer({ description: 'Grows with every change; the ETag is made of it.' }),
      createdAt: time('Made.'),
      closedAt: nullable(time('Takes no more members since.')),
      finishedAt: nullable(time('When all members were final. It stays, also when one is retried later.')),
      retainUntil: nullable(time('Removed after this; its jobs are kept as they are.')),
      [THEN]: asked('at the end'),
      onSuccess: asked('where all members succeeded'),
      onFailure: asked('where one did not'),
      links: Type.Object({
        self: Type.String(),
        jobs: Type.String(),
        events: Type.String(),
        close: Type.String(),
        cancel: Type.String(),
        retry: Type.String(),
      }),
    },
    { title: 'Group', $id: 'bide-group' },
  );
}

export const GroupShape = shapeOf();
const GroupRef = Type.Unsafe({ $ref: 'bide-group#' });

interface Members<Submit extends TSchema, FollowUp extends TSchema> {
  readonly submit: Submit;
  readonly followUp: FollowUp;
}

export function groupSchemas<Submit extends TSchema, FollowUp extends TSchema, Job extends TSchema>(
  limits: Limits,
  { job, ...members }: Members<Submit, FollowUp> & { readonly job: Job },
) {
  return { ...makingSchemas(limits, members), ...readingSchemas(limits, job) };
}

function makingSchemas<Submit extends TSchema, FollowUp extends TSchema>(
  limits: Limits,
  { submit, followUp }: Members<Submit, FollowUp>,
) {
  const { ms } = durations(limits);
  const jobs = (minItems: number) =>
    Type.Array(submit, {
      minItems,
      maxItems: limits.jobsPerCallMax,
      description: 'Each like the body of a single submit.',
    });
  const followUpOf = (when: string) =>
    Type.Optional(Type.Union([followUp, Type.Null()], { description: `A job that is submitted once, ${when}.` }));
  return {
    group: GroupRef,
    groupParams: Type.Object({ id: Type.String({ description: 'Id of a group.' }) }),
    groupBody: Type.Object(
      {
        jobs: Type.Optional(jobs(0)),
        [THEN]: followUpOf('when all members are final'),
        onSuccess: followUpOf('when all members are final, where all succeeded'),
        onFailure: followUpOf('when all members are final, where one did not succeed'),
        isOpen: Type.Optional(
          Type.Boolean({ description: 'Takes more members until it is closed; false unless told.' }),
        ),
        retainMs: Type.Optional(nullable(ms(limits.retainMsMax, 'How long the group is kept after its end.'))),
      },
      {
        ...strict,
        title: 'NewGroup',
        examples: [
          {
            jobs: [
              { type: 'echo', input: 1 },
              { type: 'echo', input: 2 },
            ],
            onFailure: { type: 'echo' },
          },
        ],
      },
    ),
    groupAddBody: Type.Object(
      {
        jobs: Type.Optional(jobs(1)),
        ids: Type.Optional(
          Type.Array(Type.String(), {
            minItems: 1,
            maxItems: limits.idsPerCallMax,
            description: 'Of jobs that are there, in whatever state. A job is in one group at most.',
          }),
        ),
      },
      { ...strict, minProperties: 1, title: 'GroupAddition', examples: [{ jobs: [{ type: 'echo', input: 3 }] }] },
    ),
  };
}

function readingSchemas<Job extends TSchema>(limits: Limits, job: Job) {
  const { seconds } = durations(limits);
  const page = {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listPageMax, default: 50 })),
    cursor: Type.Optional(Type.String({ description: 'The `next` of the page before.' })),
  };
  return {
    groupQuery: Type.Object(
      {
        wait: Type.Optional(seconds('Seconds to hold the answer. `Prefer: wait=N` does the same.')),
        until: Type.Optional(
          oneOf(['done', 'change'], 'What is waited for; `change` is the default with If-None-Match, else `done`.'),
        ),
      },
      strict,
    ),
    groupsQuery: Type.Object(page, strict),
    groups: Type.Object({ groups: Type.Array(GroupRef), next: nullable(Type.String()) }, { title: 'GroupPage' }),
    groupJobsQuery: Type.Object(
      {
        state: Type.Optional(
          Type.Array(oneOf(SHOWN_STATES, 'As it is shown.'), {
            description: 'Only members in this state; may be repeated.',
          }),
        ),
        sort: Type.Optional(oneOf(['oldest', 'newest'], 'Oldest first unless told.')),
        ...page,
      },
      strict,
    ),
    groupJobs: Type.Object({ jobs: Type.Array(job), next: nullable(Type.String()) }, { title: 'GroupJobPage' }),
    groupEventsQuery: Type.Object(
      {
        lastEventId: Type.Optional(
          Type.Integer({ minimum: 0, description: 'As the header Last-Event-ID, which wins.' }),
        ),
      },
      strict,
    ),
  };
}

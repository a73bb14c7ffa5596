/** What one tenant may have: deliveries under way, jobs, documents. */
import { DAY, HOUR, KIB, type LimitDefinition, MIB, MINUTE, SECOND } from './definition.ts';

export const TENANT_LIMITS = {
  // Deliveries.
  deliveryTimeoutMs: {
    value: 10 * SECOND,
    min: 100,
    max: MINUTE,
    meaning: 'Time that the receiver of a delivery has to answer.',
  },
  deliveryTriesMax: {
    value: 11,
    min: 1,
    max: 100,
    meaning: 'Tries of one delivery before it is given up; with eleven the last comes about a day after the first.',
  },
  deliveryBackoffMs: {
    value: 5 * SECOND,
    min: 10,
    max: HOUR,
    meaning: 'Pause after the first failed try of a delivery; each further one is four times as long, up to six hours.',
  },
  deliveriesKeptMs: {
    value: 7 * DAY,
    min: 0,
    max: 366 * DAY,
    meaning: 'How long a delivery that is over can be listed and made again.',
  },
  deliveriesPendingPerEndpointMax: {
    value: 100_000,
    min: 1,
    max: 100_000_000,
    meaning:
      'Deliveries that wait for one webhook; past it the webhook is disabled, and says so. Counted once a minute.',
  },
  webhooksMax: { value: 32, min: 0, max: 32, meaning: 'Webhooks of one tenant; past it a new one gets 429.' },
  webhookFailingMsMax: {
    value: 5 * DAY,
    min: MINUTE,
    max: 366 * DAY,
    meaning: 'How long every try of a webhook may fail before it is disabled.',
  },
  webhookSecretOverlapMs: {
    value: DAY,
    min: 0,
    max: 31 * DAY,
    meaning: 'How long a secret that was replaced goes on signing beside the new one.',
  },
  eventsRetainMs: {
    value: HOUR,
    min: MINUTE,
    max: 7 * DAY,
    meaning: 'How long the changes of jobs that somebody follows are kept.',
  },
  eventsKeptMax: {
    value: 1_000_000,
    min: 0,
    max: 100_000_000,
    meaning:
      'Changes of jobs that are kept, of all tenants together, once webhooks have been told of them: of more the oldest go before their time.',
  },
  deliveriesMax: { value: 200, min: 1, max: 1_000, meaning: 'Deliveries under way at once in one process.' },
  deliveriesPerTenantMax: {
    value: 20,
    min: 1,
    max: 1_000,
    meaning:
      'Deliveries of one tenant under way at once in one process: slow receivers of one keep nobody else waiting.',
  },
  deliveriesPerEndpointMax: {
    value: 10,
    min: 1,
    max: 1_000,
    meaning:
      'Deliveries of one tenant to one webhook, or to the callbacks of one host, under way at once in one process: a slow one does not hold up those to others.',
  },
  // Schedules.
  schedulesMax: { value: 1_000, min: 0, max: 100_000, meaning: 'Schedules of one tenant; past it a new one gets 429.' },
  scheduleNameLengthMax: { value: 100, min: 1, max: 150, meaning: 'Characters in the name of a schedule.' },
  scheduleBytesMax: {
    value: 256 * KIB,
    min: KIB,
    max: 16 * MIB,
    meaning: 'Bytes of a schedule as JSON, the input of its job included. It is read and written at each tick.',
  },
  scheduleLateMsMax: {
    value: MINUTE,
    min: SECOND,
    max: DAY,
    meaning:
      'How late a tick may be and still be run; past it, it was missed, and `missed` of its schedule says what happens.',
  },
  scheduleMissedMax: {
    value: 100,
    min: 1,
    max: 10_000,
    meaning: 'Missed ticks that a schedule with `missed: "all"` makes up for: of more the newest.',
  },
  // Tenants.
  jobsWaitingMax: {
    value: 1_000_000,
    min: 1,
    max: 1_000_000_000,
    meaning:
      'Unfinished jobs of one tenant; past it a submit gets 429. Processes that share a store each count every 10 s: together they may pass it by what they take in between.',
  },
  storedBytesPerTenantMax: {
    value: 16_384 * MIB,
    min: MIB,
    max: 1_048_576 * MIB,
    meaning:
      'Bytes of the inputs and results of one tenant, in whatever state its jobs are; past it a submit gets 429 until jobs are removed, by retention or by DELETE. Each process counts them anew every 10 s.',
  },
  bulkPerTenantMax: {
    value: 10,
    min: 1,
    max: 10_000,
    meaning: 'Unfinished bulk calls of one tenant; past it another gets 429.',
  },
  groupsPerTenantMax: {
    value: 10_000,
    min: 0,
    max: 1_000_000,
    meaning: 'Groups of one tenant, those that have ended and are kept among them; past it a new one gets 429.',
  },
  groupMembersMax: {
    value: 100_000,
    min: 1,
    max: 10_000_000,
    meaning: 'Members of one group. One call adds at most jobsPerCallMax jobs or idsPerCallMax ids.',
  },
  groupFollowUpBytesMax: {
    value: 64 * KIB,
    min: KIB,
    max: MIB,
    meaning: 'Bytes of the jobs that a group submits at its end, all three together, as JSON.',
  },
  auditLinesPerTenantMax: {
    value: 10_000,
    min: 100,
    max: 1_000_000,
    meaning: 'Lines that the audit of one tenant keeps; of more the oldest go, a hundred at a time.',
  },
  auditRetainMs: { value: 90 * DAY, min: DAY, max: 3_650 * DAY, meaning: 'How long a line of the audit is kept.' },
  // Files, and batches of them.
  fileBytesMax: {
    value: 200 * MIB,
    min: KIB,
    max: 1_024 * MIB,
    meaning: 'Bytes of one file that is uploaded to be kept.',
  },
  filesPerTenantMax: {
    value: 10_000,
    min: 0,
    max: 1_000_000,
    meaning: 'Files that one tenant keeps, outputs of batches among them; past it an upload gets 429.',
  },
  fileBytesPerTenantMax: {
    value: 4 * 1_024 * MIB,
    min: MIB,
    max: 1_024 * 1_024 * MIB,
    meaning:
      'Bytes of the files of one tenant, as they are stored; past it an upload gets 429. Each process counts them anew every 10 s.',
  },
  fileRetainMs: {
    value: 30 * DAY,
    min: HOUR,
    max: 3_660 * DAY,
    meaning: 'How long a file is kept that says nothing else, and a batch of a file after its end.',
  },
  fileBatchLinesMax: {
    value: 50_000,
    min: 1,
    max: 10_000_000,
    meaning: 'Lines of a file that is run as a batch; no more than groupMembersMax in any case.',
  },
  fileBatchesPerTenantMax: {
    value: 10_000,
    min: 0,
    max: 1_000_000,
    meaning: 'Batches of files of one tenant, those that are over among them; past it a new one gets 429.',
  },
  fileBatchSlots: {
    value: 2,
    min: 1,
    max: 100,
    meaning: 'Batches whose lines one process checks, submits or writes at once, one of a tenant at a time.',
  },
  documentsPerTenantMax: {
    value: 50_000,
    min: 1,
    max: 10_000_000,
    meaning:
      'Documents of one tenant: conversations with their notes, saved queries, data sets; past it a new one gets 429.',
  },
  documentBytesPerTenantMax: {
    value: 256 * MIB,
    min: MIB,
    max: 65_536 * MIB,
    meaning: 'Bytes of the documents of one tenant together. Each process counts them anew every 10 s.',
  },
  limitKeysPerTenantMax: {
    value: 10_000,
    min: 1,
    max: 1_000_000,
    meaning:
      'Keys with limits of their own, set or closed by a call, of one tenant; past it another gets 429. Keys that only jobs name go with the last of them.',
  },
  workersPerTenantMax: {
    value: 1_000,
    min: 1,
    max: 100_000,
    meaning:
      'Remote workers of one tenant, by their names, that one process knows as alive; of more the longest unseen are not listed.',
  },
} satisfies Record<string, LimitDefinition>;

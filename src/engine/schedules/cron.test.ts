/** Cron against a table of what is known to be hard. Times are worked out by hand from the rules of each zone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BideError, type ErrorCode } from '../../core/errors.ts';
import { type TickSpec, ticksOf } from './cron.ts';

const UTC: TickSpec = { cron: '@daily', timeZone: 'UTC', startAt: null, endAt: null };

/** The ticks behind a moment, to the minute. */
function ticks(spec: Partial<TickSpec>, after: string, count: number, anchor = 0): readonly string[] {
  const next = ticksOf({ ...UTC, ...spec }, anchor);
  const found: string[] = [];
  for (let tick = next(Date.parse(after)); tick !== null && found.length < count; tick = next(tick)) {
    found.push(new Date(tick).toISOString().replace(/(:00)?\.000Z$/, ''));
  }
  return found;
}

interface Case {
  readonly what: string;
  readonly cron: string;
  readonly zone?: string;
  readonly after: string;
  readonly ticks: readonly string[];
}

const BERLIN = 'Europe/Berlin';
const SYDNEY = 'Australia/Sydney';

const CASES: readonly Case[] = [
  {
    what: 'a moment is behind itself',
    cron: '* * * * *',
    after: '2026-01-01T00:00:00Z',
    ticks: ['2026-01-01T00:01', '2026-01-01T00:02'],
  },
  {
    what: 'six fields have seconds first',
    cron: '*/20 59 23 31 12 *',
    after: '2026-12-31T23:59:00Z',
    ticks: ['2026-12-31T23:59:20', '2026-12-31T23:59:40', '2027-12-31T23:59'],
  },
  {
    what: '29 February comes every four years, and not in 2100',
    cron: '0 12 29 2 *',
    after: '2095-01-01T00:00:00Z',
    ticks: ['2096-02-29T12:00', '2104-02-29T12:00'],
  },
  {
    what: 'the last day of the month',
    cron: '0 12 L * *',
    after: '2028-01-31T12:00:00Z',
    ticks: ['2028-02-29T12:00', '2028-03-31T12:00', '2028-04-30T12:00'],
  },
  {
    what: 'the last Friday of the month',
    cron: '0 17 * * FRI#L',
    after: '2026-07-31T17:00:00Z',
    ticks: ['2026-08-28T17:00', '2026-09-25T17:00', '2026-10-30T17:00'],
  },
  {
    what: 'the second Monday of the month',
    cron: '0 9 * * MON#2',
    after: '2026-06-08T09:00:00Z',
    ticks: ['2026-07-13T09:00', '2026-08-10T09:00'],
  },
  {
    what: 'names of months and weekdays, in whatever case',
    cron: '0 9 * jan-Mar mon-FRI',
    after: '2026-03-30T12:00:00Z',
    ticks: ['2026-03-31T09:00', '2027-01-01T09:00'],
  },
  {
    what: 'Sunday is 0 and 7',
    cron: '0 0 * * 7',
    after: '2026-11-27T00:00:00Z',
    ticks: ['2026-11-29T00:00', '2026-12-06T00:00'],
  },
  {
    what: 'of day and weekday either will do',
    cron: '0 0 13 * FRI',
    after: '2026-11-01T00:00:00Z',
    ticks: ['2026-11-06T00:00', '2026-11-13T00:00', '2026-11-20T00:00'],
  },
  {
    what: 'with a plus both must fit: Friday the 13th',
    cron: '0 0 13 * +FRI',
    after: '2026-03-14T00:00:00Z',
    ticks: ['2026-11-13T00:00', '2027-08-13T00:00'],
  },
  {
    what: '@daily and its like',
    cron: '@weekly',
    after: '2026-11-28T00:00:00Z',
    ticks: ['2026-11-29T00:00', '2026-12-06T00:00'],
  },
  {
    what: 'a zone of five hours and 45 minutes',
    cron: '0 9 * * *',
    zone: 'Asia/Kathmandu',
    after: '2026-05-01T00:00:00Z',
    ticks: ['2026-05-01T03:15', '2026-05-02T03:15'],
  },
  // Clocks go from 02:00 to 03:00 on 29 March.
  {
    what: '02:30 in Berlin on the day without it: at 03:00, once',
    cron: '30 2 * * *',
    zone: BERLIN,
    after: '2026-03-28T00:00:00Z',
    ticks: ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'],
  },
  {
    what: 'a list of fixed times is fixed, too',
    cron: '0,30 2,14 * * *',
    zone: BERLIN,
    after: '2026-03-28T20:00:00Z',
    ticks: ['2026-03-29T01:00', '2026-03-29T12:00', '2026-03-29T12:30'],
  },
  {
    what: 'every quarter of an hour goes on through the gap',
    cron: '*/15 * * * *',
    zone: BERLIN,
    after: '2026-03-29T00:30:00Z',
    ticks: ['2026-03-29T00:45', '2026-03-29T01:00', '2026-03-29T01:15'],
  },
  // Clocks go from 03:00 back to 02:00 on 25 October.
  {
    what: '02:30 in Berlin on the day with two of it: the first time, once',
    cron: '30 2 * * *',
    zone: BERLIN,
    after: '2026-10-24T12:00:00Z',
    ticks: ['2026-10-25T00:30', '2026-10-26T01:30'],
  },
  {
    what: 'every half hour runs through both hours',
    cron: '*/30 * * * *',
    zone: BERLIN,
    after: '2026-10-25T00:00:00Z',
    ticks: ['2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00'],
  },
  // The other half of the world: forward on 4 October, back on 5 April.
  {
    what: '02:30 in Sydney on the day without it',
    cron: '30 2 * * *',
    zone: SYDNEY,
    after: '2026-10-02T20:00:00Z',
    ticks: ['2026-10-03T16:00', '2026-10-04T15:30'],
  },
  {
    what: '02:30 in Sydney on the day with two of it',
    cron: '30 2 * * *',
    zone: SYDNEY,
    after: '2026-04-03T20:00:00Z',
    ticks: ['2026-04-04T15:30', '2026-04-05T16:30'],
  },
  {
    what: 'half an hour of summer on Lord Howe',
    cron: '15 2 * * *',
    zone: 'Australia/Lord_Howe',
    after: '2026-10-02T20:00:00Z',
    ticks: ['2026-10-03T15:30', '2026-10-04T15:15'],
  },
  {
    what: 'midnight in Santiago on the day that begins at one',
    cron: '0 0 * * *',
    zone: 'America/Santiago',
    after: '2026-09-05T12:00:00Z',
    ticks: ['2026-09-06T04:00', '2026-09-07T03:00'],
  },
];

describe('ticksOf', () => {
  for (const { what, cron, zone = 'UTC', after, ticks: wanted } of CASES) {
    it(`${what}: ${cron} ${zone}`, () => {
      assert.deepEqual(ticks({ cron, timeZone: zone }, after, wanted.length), wanted);
    });
  }

  it('counts intervals from the start, or from when the schedule was made', () => {
    const anchor = Date.parse('2026-01-01T00:03:30Z');
    assert.deepEqual(ticks({ cron: '@every 10m' }, '2026-01-01T00:03:30Z', 2, anchor), [
      '2026-01-01T00:13:30',
      '2026-01-01T00:23:30',
    ]);
    const startAt = Date.parse('2026-01-01T01:00:00Z');
    assert.deepEqual(ticks({ cron: '@every 1h30m', startAt }, '2026-01-01T00:00:00Z', 2, anchor), [
      '2026-01-01T01:00',
      '2026-01-01T02:30',
    ]);
  });

  it('keeps to its start and its end, which is none of its ticks', () => {
    const startAt = Date.parse('2026-01-01T12:00:00Z');
    const endAt = Date.parse('2026-01-01T14:00:00Z');
    assert.deepEqual(ticks({ cron: '0 * * * *', startAt, endAt }, '2025-01-01T00:00:00Z', 9), [
      '2026-01-01T12:00',
      '2026-01-01T13:00',
    ]);
  });

  it('ends with the calendar', () => {
    assert.deepEqual(ticks({ cron: '@yearly' }, '9998-12-31T00:00:00Z', 1), []);
    assert.deepEqual(ticks({ cron: '0 0 30 2 *' }, '2026-01-01T00:00:00Z', 1), []);
  });

  const REFUSED: readonly (readonly [cron: string, sentence: RegExp])[] = [
    ['', /no fields/],
    ['* * * *', /4 fields/],
    ['* * * * * * *', /7 fields/],
    ['60 * * * *', /minute: 60/],
    ['0 0 32 * *', /day: 32|day: 31/],
    ['*/0 * * * *', /stepping: 0/],
    ['a b c d e', /illegal characters/],
    ['2026-01-01T00:00:00', /1 field,/],
    ['@reboot', /@reboot/],
    ['@sometimes', /./],
    ['@every', /@every takes/],
    ['@every 0s', /@every takes/],
    ['@every 10', /@every takes/],
    ['@every 9999d', /@every takes/],
    [`${'1,'.repeat(200)}1 * * * *`, /at most 200/],
  ];
  for (const [cron, sentence] of REFUSED) {
    it(`refuses ${JSON.stringify(cron.slice(0, 30))} and says why`, () => {
      assert.throws(() => ticksOf({ ...UTC, cron }, 0), refusal('SCHEDULE_CRON_INVALID', sentence));
    });
  }

  it('refuses what is no zone, and names those that are near', () => {
    const zone = (timeZone: string) => () => ticksOf({ ...UTC, timeZone }, 0);
    assert.throws(zone('Berlin'), refusal('TIME_ZONE_UNKNOWN', /Did you mean Europe\/Berlin/));
    assert.throws(zone('Europe/Berlln'), refusal('TIME_ZONE_UNKNOWN', /Did you mean Europe\/Berlin/));
    assert.throws(zone('America/New York'), refusal('TIME_ZONE_UNKNOWN', /America\/New_York/));
    for (const word of ['+05:30', '', 'x'.repeat(100_000), 'Europe/', 'local']) {
      assert.throws(zone(word), refusal('TIME_ZONE_UNKNOWN', /no time zone/));
    }
    zone('UTC')();
    zone('Etc/GMT+5')();
  });
});

function refusal(code: ErrorCode, sentence: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BideError);
    assert.equal(error.code, code);
    assert.match(error.message, sentence);
    return true;
  };
}

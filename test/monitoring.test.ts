/** The dashboard and the alerts in `deploy/`: each metric that they ask for is one that `/metrics` has, with these labels, and each runbook is there. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { load } from 'js-yaml';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { METRICS, type MetricDefinition } from '../src/http/metric-table.ts';
import { ROOT, readTree } from './tidy/tree.ts';

const RULES = 'deploy/prometheus/bide.rules.yaml';
const BOARD = 'deploy/grafana/bide.json';
/** Prometheus puts these on every series. */
const SCRAPED = ['job', 'instance'];

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const fileOf = (path: string) => readTree(path).get(path) ?? assert.fail(`${path} is not there`);
const rules = (load(fileOf(RULES)) as { groups: readonly { rules: readonly Rule[] }[] }).groups.flatMap(
  (one) => one.rules,
);
const board = JSON.parse(fileOf(BOARD)) as {
  panels: readonly Panel[];
  templating: { list: readonly { query: unknown }[] };
};

/** Labels by the name of each series. */
async function seriesOfProcess(): Promise<ReadonlyMap<string, readonly string[]>> {
  const series = new Map<string, readonly string[]>([['up', []]]);
  for (const [name, { kind, labels }] of Object.entries<MetricDefinition>(METRICS)) {
    if (kind !== 'histogram') series.set(name, labels);
    else {
      for (const part of ['sum', 'count']) series.set(`${name}_${part}`, labels);
      series.set(`${name}_bucket`, [...labels, 'le']);
    }
  }
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const { name } of await register.getMetricsAsJSON()) series.set(name, []);
  register.clear();
  return series;
}

interface Asked {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** What an expression asks for; throws where it is no PromQL. Grouping labels belong to every series below them. */
function askedBy(expression: string): readonly Asked[] {
  const text = expression.replaceAll('$__rate_interval', '5m');
  const textOf = (node: SyntaxNode) => text.slice(node.from, node.to);
  const asked: Asked[] = [];
  const walk = (node: SyntaxNode, grouped: readonly string[]): void => {
    if (node.type.isError) throw new Error(`${expression}\nis no PromQL at ${node.from}`);
    if (node.name === 'VectorSelector') {
      const labels = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      const names = labels.map((one) => textOf(one.firstChild as SyntaxNode));
      asked.push({ metric: textOf(node.getChild('Identifier') as SyntaxNode), labels: [...grouped, ...names] });
    }
    const by = node.getChild('AggregateModifier')?.getChild('GroupingLabels')?.getChildren('LabelName') ?? [];
    // What an aggregation leaves is what the ones around it have.
    const inner = by.length === 0 ? grouped : [...grouped, ...by.map(textOf)];
    for (let child = node.firstChild; child !== null; child = child.nextSibling) walk(child, inner);
  };
  walk(parser.parse(text).topNode, []);
  return asked;
}

function expressions(): readonly (readonly [where: string, expression: string])[] {
  const panels = board.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));
  return [...rules.map(({ alert, expr }) => [alert, expr] as const), ...panels];
}

test('the expressions are read as they are meant', () => {
  assert.deepEqual(askedBy('sum by (type, le) (rate(a_bucket{x="1", y=~"$z"}[$__rate_interval])) / b > 1'), [
    { metric: 'a_bucket', labels: ['type', 'le', 'x', 'y'] },
    { metric: 'b', labels: [] },
  ]);
  assert.throws(() => askedBy('sum by (type (a)'), /is no PromQL/);
});

test('every metric that is asked for is there, with the labels that are asked for', async () => {
  const series = await seriesOfProcess();
  const faults = expressions().flatMap(([where, expression]) =>
    askedBy(expression).flatMap(({ metric, labels }) => {
      const known = series.get(metric);
      if (known === undefined) return [`${where}: there is no ${metric}`];
      const others = labels.filter((label) => !known.includes(label) && !SCRAPED.includes(label));
      return others.map((label) => `${where}: ${metric} has no label ${label}`);
    }),
  );
  assert.deepEqual(faults, []);
  assert.ok(expressions().length > 40);
});

test('every metric of jobs, the store, deliveries and requests is on the dashboard', () => {
  const shown = new Set(
    board.panels
      .flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => askedBy(expr)))
      .map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, '')),
  );
  const missing = Object.keys(METRICS).filter((name) => !shown.has(name));
  assert.deepEqual(missing, ['bide_snapshots', 'bide_holds_abandoned_total']);
});

test('every alert says what it means, and where to read on', () => {
  const heads = (path: string) => fileOf(path).matchAll(/^#+ (.+)$/gm);
  for (const { alert, annotations } of rules) {
    assert.ok(annotations.summary && annotations.description, alert);
    const [path = '', anchor] = annotations.runbook?.split('#') ?? [];
    const anchors = [...heads(path)].map(([, head = '']) =>
      head
        .toLowerCase()
        .replaceAll(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    );
    assert.ok(anchors.includes(anchor ?? ''), `${alert}: there is no ${annotations.runbook}`);
  }
});

test('promtool takes the rules', (t) => {
  const promtool = ['/usr/bin/promtool', '/usr/local/bin/promtool'].find(existsSync);
  if (promtool === undefined) return t.diagnostic('not run: there is no promtool here');
  assert.match(execFileSync(promtool, ['check', 'rules', join(ROOT, RULES)], { encoding: 'utf8' }), /SUCCESS/);
});

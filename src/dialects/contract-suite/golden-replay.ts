/** One test per golden file, each on a rig of its own, so that numbers and order do not depend on what ran before. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Dialect } from '../../http/dialect.ts';
import type { DialectAdapter } from './adapter.ts';
import { goldenFiles, replay } from './golden.ts';
import { openRig } from './rig.ts';

export function testGolden<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  const exchanges = goldenFiles(adapter.golden);

  it('there are golden exchanges', () => {
    assert.ok(exchanges.length > 0, `No exchange in ${adapter.golden.pathname}.`);
  });

  for (const exchange of exchanges) {
    it(`golden exchange replays byte for byte: ${exchange.file.title}`, async () => {
      const rig = await openRig(dialect, adapter);
      try {
        await replay(rig, adapter, exchange);
      } finally {
        await rig.close();
      }
    });
  }
}

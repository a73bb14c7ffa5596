/** Live progress: on a terminal one line per job that is drawn over, elsewhere a line whenever a job changes its state. */
import type { Client, JobBody } from '../../src/client/index.ts';

const BAR_WIDTH = 24;
const NAME_WIDTH = 18;
const CURSOR_UP = (lines: number) => `\u001b[${lines}A`;
const CLEAR_LINE = '\u001b[2K';

export interface Board {
  /** Follows the job until it is final. */
  follow(title: string, id: string): void;
  /** Resolves when all that is followed is final. */
  done(): Promise<void>;
}

interface Row {
  readonly title: string;
  job: JobBody | null;
}

export function createBoard(client: Client, out: NodeJS.WriteStream): Board {
  const rows: Row[] = [];
  const followed: Promise<void>[] = [];
  let drawn = 0;

  function redraw(): void {
    const lines = rows.map((row) => `${CLEAR_LINE}${lineOf(row)}\n`).join('');
    out.write((drawn === 0 ? '' : CURSOR_UP(drawn)) + lines);
    drawn = rows.length;
  }

  async function follow(row: Row, id: string): Promise<void> {
    for await (const job of client.watch(id)) {
      const isNew = row.job?.state !== job.state;
      row.job = job;
      if (out.isTTY) redraw();
      else if (isNew) out.write(`${lineOf(row)}\n`);
    }
  }

  return {
    follow(title, id) {
      const row: Row = { title, job: null };
      rows.push(row);
      followed.push(follow(row, id));
    },
    done: async () => {
      await Promise.all(followed);
    },
  };
}

function lineOf({ title, job }: Row): string {
  if (job === null) return `  ${title}`;
  const { percent, message } = job.progress;
  const full = Math.round((percent / 100) * BAR_WIDTH);
  const bar = `${'█'.repeat(full)}${'·'.repeat(BAR_WIDTH - full)}`;
  return `  ${title.padEnd(NAME_WIDTH)} ${bar} ${String(Math.round(percent)).padStart(3)} %  ${job.state}${message === null ? '' : `  ${message}`}`;
}

/** What a service says along the way: to a person at a terminal as text, else into its log, whose lines stay JSON one and all. */
import type { Terminal } from '../terminal/terminal.ts';

export interface ServiceLog {
  warn(text: string): void;
}

export function serviceNotes(terminal: Pick<Terminal, 'note' | 'isLive'>, logger: ServiceLog): Pick<Terminal, 'note'> {
  if (terminal.isLive) return terminal;
  return { note: (text) => logger.warn(text.replace(/^bide: /, '')) };
}

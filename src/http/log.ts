/** JSON logs, one object per line on stderr: stdout belongs to what a command prints for its user. */
import { type DestinationStream, destination, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Keys travel in these; none of them may reach a log, whoever logs a request's headers. */
const SECRET_PATHS = ['headers.authorization', 'headers["x-api-key"]', 'headers.cookie', '*.headers.authorization'];

export function createLogger(
  level: LogLevel = 'info',
  stream: DestinationStream = destination({ fd: 2, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_PATHS, censor: '[secret]' },
    },
    stream,
  );
}

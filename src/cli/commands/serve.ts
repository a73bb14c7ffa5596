/** `bide serve`: the server, in the foreground, until a signal ends it. */
import { defineCommand } from '../command.ts';
import { SERVER_OPTIONS, serveUntilSignal } from '../service/serve-until-signal.ts';

export const serve = defineCommand({
  name: 'serve',
  summary: 'start the server',
  description:
    'Prints `listening on URL` when it is ready. The first start in an empty data folder makes an admin key, prints it once and ' +
    'leaves it in FOLDER/admin.key, where the other commands on this machine find it; BIDE_ADMIN_KEY chooses that key. SIGTERM or ^C drains; a second one does not wait.',
  options: SERVER_OPTIONS,
  examples: [
    'bide serve --playground',
    'bide serve --port 8080 --host 0.0.0.0 --data /var/lib/bide --config bide.config.ts',
    'bide serve --database postgresql://bide@db/bide --no-work',
  ],
  run: (invocation) => serveUntilSignal(invocation),
});

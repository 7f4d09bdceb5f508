// `npm start`: makes the checkout ready, then becomes the service.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureReady, root, runScript } from './setup.mjs';

await runScript(async () => {
  await ensureReady();
  const service = spawn(process.execPath, ['--enable-source-maps', join(root, 'dist/main.js')], {
    cwd: root,
    stdio: 'inherit',
  });
  // The terminal sends Ctrl-C to the whole group: the service ends by itself, we wait for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => service.kill('SIGTERM'));
  process.on('SIGHUP', () => service.kill('SIGTERM'));
  service.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGTERM' || signal === 'SIGINT' ? 0 : 1);
  });
});

// `npm run build`: brings dist/ up to date.
import { ensureReady, runScript } from './setup.mjs';

await runScript(() => ensureReady());

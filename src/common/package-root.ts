import { fileURLToPath } from 'node:url';

/** The folder with package.json, as an absolute path: two levels above this file, in `src/` as in `dist/`. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../../', import.meta.url));

import { join } from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';

/** Where scripts/setup.mjs puts kubectl and helm. */
export const TOOLS_DIRECTORY = join(PACKAGE_ROOT, '.tools', 'bin');

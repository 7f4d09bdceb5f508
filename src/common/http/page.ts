import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { PACKAGE_ROOT } from '../package-root.js';

const ONE_YEAR_MS = 365 * 24 * 3_600_000;

/**
 * Serves the built page of `dist/web`. Files under `assets/` have their content's hash in the name and are cached for
 * good. Any other address that a browser opens as a page is answered with the page itself, which finds its own way.
 */
export function servePage(app: NestExpressApplication, folder = join(PACKAGE_ROOT, 'dist', 'web')): void {
  const index = join(folder, 'index.html');
  app.useStaticAssets(join(folder, 'assets'), { prefix: '/assets', immutable: true, maxAge: ONE_YEAR_MS });
  app.useStaticAssets(folder, { maxAge: 0 });
  app.use((request: Request, response: Response, next: NextFunction) => {
    const wantsPage = request.method === 'GET' && request.accepts(['json', 'html']) === 'html';
    if (!wantsPage || /^\/(api|assets)\b/.test(request.path) || !existsSync(index)) next();
    else response.sendFile(index);
  });
}

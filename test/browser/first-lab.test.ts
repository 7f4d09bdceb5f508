import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { browserMissing, launchBrowser, takePicture } from '../support/browser.js';
import {
  makeDataDirectory,
  type RunningService,
  removeDataDirectory,
  runService,
} from '../support/run-service.js';

if (browserMissing) process.stdout.write(`browser tests skipped: ${browserMissing}\n`);

describe.skipIf(browserMissing)('a learner does the first lab in a browser, with the keyboard', () => {
  const dataDirectory = makeDataDirectory();
  let service: RunningService;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    service = await runService(dataDirectory);
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content Security Policy/.test(message.text()))
        complaints.push(message.text());
    });
  });

  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    removeDataDirectory(dataDirectory);
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await takePicture(page, `failed-${task.name.replaceAll(' ', '-')}`);
  });

  /** Tab until the element with this accessible name has the focus. */
  async function tabTo(name: RegExp): Promise<void> {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(
        "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
      );
      if (name.test(String(focused))) return;
    }
    throw new Error(`Tab never came to ${name}`);
  }

  test('signs in by the link that the service printed', async () => {
    const link = /http\S+#\/sign-in\?code=\S+/.exec(service.output())?.[0];
    expect(link, service.output()).toBeDefined();
    await page.goto(String(link));
    await page.getByRole('heading', { name: 'Scenarios' }).waitFor();
    await takePicture(page, '1-catalogue');
  });

  test('starts a lab and is given a terminal', async () => {
    await tabTo(/^Start Expose/i);
    await page.keyboard.press('Enter');
    await page.locator('.xterm-helper-textarea').waitFor({ state: 'attached', timeout: 30_000 });
    await page.locator('.xterm-rows').getByText('$').first().waitFor({ timeout: 30_000 });
    await takePicture(page, '2-lab');
  });

  test('types a solution', async () => {
    const solutions = new URL('../../scenarios/expose-a-deployment/solutions/', import.meta.url).pathname;
    const script = readFileSync(join(solutions, String(readdirSync(solutions).sort()[0])), 'utf8');
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type(`cat > s.sh <<'X'\n${script.trim()}\nX\nbash s.sh; echo "solved:$?"\n`);
    await page.locator('.xterm-rows').getByText('solved:0').first().waitFor({ timeout: 60_000 });
  });

  test('presses Check and sees all points', async () => {
    // Shift+Tab leaves the terminal: it keeps Tab for itself.
    await page.getByRole('button', { name: 'Check', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText(/All done, well sailed: (\d+) of \1 points/).waitFor({ timeout: 30_000 });
    await takePicture(page, '3-graded');
    expect(await page.locator('.check-failed').count()).toBe(0);
  });

  test('ends the lab', async () => {
    page.on('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'End lab' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('This lab has ended.').waitFor({ timeout: 20_000 });
    await takePicture(page, '4-ended');
    expect(complaints).toEqual([]);
  });
});

import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { Module } from '@nestjs/common';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { ENV } from '../config/config.module.js';
import type { Env } from '../config/env.js';
import { KindDriver } from './driver/kind-driver.js';
import { SimulatedDriver } from './driver/simulated-driver.js';
import { SandboxHost } from './host/sandbox-host.js';

/** Offers the `SandboxHost` of this process, with all drivers. Whoever imports it closes the host when the program stops. */
@Module({
  providers: [{ provide: SandboxHost, inject: [ENV], useFactory: makeSandboxHost }],
  exports: [SandboxHost],
})
export class SandboxModule {}

function makeSandboxHost(env: Env): SandboxHost {
  const dataDirectory = resolve(env.SEATRIAL_DATA);
  const root = join(dataDirectory, 'sandboxes');
  const kind = new KindDriver({
    root,
    installation: nameInstallation(dataDirectory),
    ...(env.SEATRIAL_KIND_IMAGE && { nodeImage: env.SEATRIAL_KIND_IMAGE }),
  });
  return new SandboxHost({
    dataDirectory,
    toolsDirectory: join(PACKAGE_ROOT, '.tools', 'bin'),
    drivers: [new SimulatedDriver(root), kind],
  });
}

/** Hosts that share an engine tell their clusters apart by this. It must not change, so it is not random. */
function nameInstallation(dataDirectory: string): string {
  return createHash('sha256').update(dataDirectory).digest('hex').slice(0, 8);
}

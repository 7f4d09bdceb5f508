import { join } from 'node:path';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccountsModule } from '../accounts/accounts.module.js';
import { Catalogue } from '../catalog/catalogue.js';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { ENV } from '../config/config.module.js';
import type { Env } from '../config/env.js';
import { KindDriver } from '../sandbox/driver/kind-driver.js';
import { SimulatedDriver } from '../sandbox/driver/simulated-driver.js';
import { SandboxHost } from '../sandbox/host/sandbox-host.js';
import { ClusterProxy } from './access/cluster-proxy.js';
import { LabAccess } from './access/lab-access.js';
import { LabObjects } from './access/lab-objects.js';
import { Websockets } from './access/websockets.js';
import { GradingService } from './grading.service.js';
import { HealthController } from './health.controller.js';
import { ClockJob } from './hosts/clock.job.js';
import { DestroyJob } from './hosts/destroy.job.js';
import { HostDrivers } from './hosts/host-drivers.js';
import { HostGateways } from './hosts/host-gateways.js';
import { HostProcess } from './hosts/host-process.js';
import { HostSlots } from './hosts/host-slots.js';
import { HostsController } from './hosts/hosts.controller.js';
import { LabMaker } from './hosts/lab-maker.js';
import { ProvisionJob } from './hosts/provision.job.js';
import { ReconcileJob } from './hosts/reconcile.job.js';
import { ResetJob } from './hosts/reset.job.js';
import { ThisHost } from './hosts/this-host.js';
import { JobHandlers } from './jobs/job-handlers.js';
import { JobQueues } from './jobs/job-queues.js';
import { JobWorkers } from './jobs/job-workers.js';
import { ReapJob } from './jobs/reap.job.js';
import { LabClockService } from './lab-clock.service.js';
import { LabEnding } from './lab-ending.js';
import { LabEstimate } from './lab-estimate.js';
import { LabEventsController } from './lab-events.controller.js';
import { LabEvents } from './lab-events.js';
import { LabHintsService } from './lab-hints.service.js';
import { LabPhases } from './lab-phases.js';
import { LabStories } from './lab-stories.js';
import { LabTransitions } from './lab-transitions.js';
import { LabClusterController, LabsController } from './labs.controller.js';
import { LabsService } from './labs.service.js';
import { ScenarioVersions } from './scenario-versions.js';
import { ScenariosController } from './scenarios.controller.js';

const SHARED: Provider[] = [
  JobHandlers,
  JobQueues,
  JobWorkers,
  LabEnding,
  LabEvents,
  LabTransitions,
  ReapJob,
  ScenarioVersions,
];

const API: Provider[] = [
  ClusterProxy,
  GradingService,
  HostGateways,
  LabAccess,
  LabClockService,
  LabEstimate,
  LabHintsService,
  LabObjects,
  LabStories,
  LabsService,
  Websockets,
];

const HOST: Provider[] = [
  ClockJob,
  DestroyJob,
  HostDrivers,
  HostProcess,
  HostSlots,
  LabMaker,
  LabPhases,
  ProvisionJob,
  ReconcileJob,
  ResetJob,
  ThisHost,
  {
    provide: SandboxHost,
    inject: [ENV, ThisHost],
    useFactory: async (env: Env, host: ThisHost) => makeSandboxHost(env, await host.identify()),
  },
];

/** kind's clusters bear the first letters of the host's id, because one engine may serve several installations. */
const INSTALLATION_LENGTH = 8;

function makeSandboxHost(env: Env, hostId: string): SandboxHost {
  const root = join(env.SEATRIAL_DATA, 'sandboxes');
  const kind = new KindDriver({
    root,
    installation: hostId.slice(0, INSTALLATION_LENGTH),
    ...(env.SEATRIAL_KIND_IMAGE ? { nodeImage: env.SEATRIAL_KIND_IMAGE } : {}),
  });
  return new SandboxHost({
    dataDirectory: env.SEATRIAL_DATA,
    toolsDirectory: join(PACKAGE_ROOT, '.tools', 'bin'),
    drivers: [new SimulatedDriver(root), kind],
  });
}

/** Labs, as far as this process has to do with them: as `api`, as `host`, or both. */
@Module({})
export class LabsModule {
  static forRoles(roles: Env['SEATRIAL_ROLES'], catalogue: Catalogue): DynamicModule {
    const [isApi, isHost] = [roles.includes('api'), roles.includes('host')];
    return {
      module: LabsModule,
      imports: [AccountsModule, DiscoveryModule],
      controllers: isApi
        ? [
            HealthController,
            HostsController,
            LabClusterController,
            LabEventsController,
            LabsController,
            ScenariosController,
          ]
        : [],
      providers: [
        { provide: Catalogue, useValue: catalogue },
        ...SHARED,
        ...(isApi ? API : []),
        ...(isHost ? HOST : []),
      ],
    };
  }
}

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SignInService } from './accounts/sign-in.service.js';
import { signInLink } from './accounts/sign-in-link.js';
import { TokensService } from './accounts/tokens.service.js';
import { UsersService } from './accounts/users.service.js';
import { AppModule } from './app.module.js';
import { Catalogue } from './catalog/catalogue.js';
import type { Infrastructure } from './common/common.module.js';
import { applyMigrations } from './common/database/migrations.js';
import { startPostgres } from './common/embedded/postgres.js';
import { startRedis } from './common/embedded/redis.js';
import { ProgramLogger } from './common/http/logging.js';
import { loadSecret } from './common/secret.js';
import type { Env } from './config/env.js';
import { HostProcess } from './labs/hosts/host-process.js';
import { JobQueues } from './labs/jobs/job-queues.js';
import { JobWorkers } from './labs/jobs/job-workers.js';
import { REAP_EVERY_MS } from './labs/jobs/reap.job.js';
import { endConnections, listen, prepareHttp } from './start-http.js';

/** What the person at the keyboard is told. */
type Say = (line: string) => void;

const WORKERS_PATIENCE_MS = 1_000;

/** A program that has come up, wholly or in part. */
export class Program {
  private readonly undo: (() => Promise<void> | void)[] = [];
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly env: Env,
    private readonly say: Say,
  ) {}

  /** Makes a program that can be stopped at any time, also while it still starts. */
  static of(env: Env, say: Say): Program {
    return new Program({ ...env, SEATRIAL_DATA: resolve(env.SEATRIAL_DATA) }, say);
  }

  /** Brings everything up in order; the door opens last, so that whoever gets an answer finds all of it. */
  async start(): Promise<void> {
    const infrastructure = await this.startInfrastructure();
    const catalogue = await this.loadCatalogue();
    const app = await this.createApp(infrastructure, catalogue);
    const isApi = this.env.SEATRIAL_ROLES.includes('api');
    await (isApi ? prepareHttp(app) : app.init());
    const administratorId = await this.prepareAdministrator(app);
    await this.startWork(app);
    if (isApi) await this.open(app, administratorId);
    else this.say('ready to take labs');
  }

  /** Takes everything down again, the last thing first. Called again it waits for the same end. */
  stop(): Promise<void> {
    this.stopping ??= this.takeDown();
    return this.stopping;
  }

  private async takeDown(): Promise<void> {
    for (const step of this.undo.reverse()) {
      try {
        await step();
      } catch (error) {
        this.say(`while stopping: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  private async startInfrastructure(): Promise<Infrastructure> {
    const { SEATRIAL_DATA: data, DATABASE_URL, REDIS_URL, SEATRIAL_SECRET } = this.env;
    await mkdir(data, { recursive: true, mode: 0o700 });
    if (!DATABASE_URL || !REDIS_URL) this.say('starting database and queue');
    const [databaseUrl, redisUrl] = await Promise.all([
      DATABASE_URL ?? this.embed(startPostgres(join(data, 'postgres'))),
      REDIS_URL ?? this.embed(startRedis(join(data, 'redis'))),
    ]);
    const applied = await applyMigrations(databaseUrl);
    if (applied.length > 0) this.say(`database brought up to date (${applied.length} migrations)`);
    return { databaseUrl, redisUrl, secret: await loadSecret(data, SEATRIAL_SECRET) };
  }

  private async embed(starting: Promise<{ url: string; stop(): Promise<void> }>): Promise<string> {
    const service = await starting;
    this.undo.push(() => service.stop());
    return service.url;
  }

  private async loadCatalogue(): Promise<Catalogue> {
    const catalogue = await Catalogue.load(this.env.SEATRIAL_SCENARIOS.map((folder) => resolve(folder)));
    for (const { file, line, severity, message } of catalogue.problems) {
      this.say(`scenario ${severity}: ${file}:${line}: ${message}`);
    }
    this.say(`${catalogue.list().length} scenarios in the catalogue`);
    return catalogue;
  }

  private async createApp(
    infrastructure: Infrastructure,
    catalogue: Catalogue,
  ): Promise<NestExpressApplication> {
    const module = AppModule.forProcess(this.env, infrastructure, catalogue);
    const app = await NestFactory.create<NestExpressApplication>(module, {
      bodyParser: false,
      bufferLogs: true,
      abortOnError: false,
    });
    app.useLogger(app.get(ProgramLogger));
    this.undo.push(() => app.close());
    return app;
  }

  private async prepareAdministrator(app: NestExpressApplication): Promise<string> {
    const { id } = await app.get(UsersService).ensureAdministrator();
    await app.get(TokensService).adoptSettingsToken(id, this.env.SEATRIAL_ADMIN_TOKEN);
    return id;
  }

  /** The host first: it puts right what was left before anybody looks for labs whose host is gone. */
  private async startWork(app: NestExpressApplication): Promise<void> {
    if (this.env.SEATRIAL_ROLES.includes('host')) {
      const host = app.get(HostProcess);
      this.undo.push(() => host.stop());
      await host.start();
    }
    const workers = app.get(JobWorkers);
    this.undo.push(() => workers.stop(WORKERS_PATIENCE_MS));
    await workers.startShared();
    await app.get(JobQueues).scheduleReap(REAP_EVERY_MS);
  }

  private async open(app: NestExpressApplication, administratorId: string): Promise<void> {
    this.undo.push(() => endConnections(app));
    const address = await listen(app, this.env);
    const { code } = await app.get(SignInService).createCode(administratorId);
    this.say(`ready at ${address}`);
    this.say(`sign in with ${signInLink(address, code)}`);
  }
}

import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { LoggerModule } from 'nestjs-pino';
import { ZodSerializerInterceptor } from 'nestjs-zod';
import { AccountsModule } from './accounts/accounts.module.js';
import type { Catalogue } from './catalog/catalogue.js';
import { CommonModule, type Infrastructure } from './common/common.module.js';
import { loggingOptions, ProgramLogger } from './common/http/logging.js';
import { ProblemFilter } from './common/http/problem.filter.js';
import { RequestLimitGuard } from './common/http/request-limit.guard.js';
import { ValidationPipe } from './common/http/validation.pipe.js';
import { ConfigModule } from './config/config.module.js';
import type { Env } from './config/env.js';
import { LabsModule } from './labs/labs.module.js';

/** What a single user can send without being up to no good: a class page that polls, a script, a test. */
const REQUESTS_PER_10_S = 5_000;

/** The whole program, for the roles of this process. */
@Module({})
export class AppModule {
  static forProcess(env: Env, infrastructure: Infrastructure, catalogue: Catalogue): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(env),
        LoggerModule.forRoot(loggingOptions(env.SEATRIAL_LOG_LEVEL)),
        ThrottlerModule.forRoot([{ ttl: 10_000, limit: REQUESTS_PER_10_S }]),
        CommonModule.forRoot(infrastructure),
        AccountsModule,
        LabsModule.forRoles(env.SEATRIAL_ROLES, catalogue),
      ],
      providers: [
        ProgramLogger,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: ValidationPipe },
        { provide: APP_INTERCEPTOR, useClass: ZodSerializerInterceptor },
        { provide: APP_GUARD, useClass: RequestLimitGuard },
      ],
    };
  }
}

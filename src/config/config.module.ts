import { type DynamicModule, Module } from '@nestjs/common';
import type { Env } from './env.js';

/** Nest token of the settings, an `Env`. */
export const ENV = Symbol('ENV');

/** Offers the settings, read once by main.ts, to every module. */
@Module({})
export class ConfigModule {
  static forRoot(env: Env): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: ENV, useValue: env }],
      exports: [ENV],
    };
  }
}

import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DATABASE_ADDRESS, Database } from './database/database.js';
import { Broadcast } from './redis/broadcast.js';
import { REDIS_ADDRESS } from './redis/redis-address.js';
import { Secret } from './secret.js';

/** Where the program finds PostgreSQL and Redis, embedded or not, and its secret. */
export interface Infrastructure {
  databaseUrl: string;
  redisUrl: string;
  secret: Secret;
}

/** Offers the database, the broadcast, the address of Redis and the secret to every module. */
@Global()
@Module({})
export class CommonModule {
  static forRoot({ databaseUrl, redisUrl, secret }: Infrastructure): DynamicModule {
    return {
      module: CommonModule,
      providers: [
        { provide: DATABASE_ADDRESS, useValue: databaseUrl },
        { provide: REDIS_ADDRESS, useValue: redisUrl },
        { provide: Secret, useValue: secret },
        Database,
        Broadcast,
      ],
      exports: [Database, Broadcast, REDIS_ADDRESS, Secret],
    };
  }
}

import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.js';

/** Nest token of the address of PostgreSQL, as a `postgresql:` URL. */
export const DATABASE_ADDRESS = Symbol('DATABASE_ADDRESS');

/** The connection to PostgreSQL: Prisma's client, opened on first use and closed with the program. */
@Injectable()
export class Database extends PrismaClient implements OnModuleDestroy {
  constructor(@Inject(DATABASE_ADDRESS) url: string) {
    super({
      adapter: new PrismaPg({ connectionString: url, max: 20 }),
      // A burst of requests waits in line rather than failing.
      transactionOptions: { maxWait: 10_000, timeout: 20_000 },
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.$disconnect();
  }
}

import { Injectable } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import { Prisma, type User } from '../common/database/generated/client.js';
import { DomainError } from '../common/domain-error.js';
import { isId, newId } from '../common/new-id.js';
import type { Role } from './principal.js';

const FIRST_ADMINISTRATOR = 'administrator';

/** The people of this installation. */
@Injectable()
export class UsersService {
  constructor(private readonly database: Database) {}

  /** Throws `validation-failed` when the name is taken. */
  async create(name: string, role: Role): Promise<User> {
    try {
      return await this.database.user.create({ data: { id: newId(), name, role } });
    } catch (error) {
      if (!(error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')) throw error;
      throw new DomainError('validation-failed', undefined, {
        errors: [{ path: 'name', message: 'Another user has this name' }],
      });
    }
  }

  async list(): Promise<User[]> {
    return this.database.user.findMany({ orderBy: { createdAt: 'asc' } });
  }

  /** Throws `not-found`. */
  async get(id: string): Promise<User> {
    const user = isId(id) ? await this.database.user.findUnique({ where: { id } }) : null;
    if (!user) throw new DomainError('not-found');
    return user;
  }

  /** The administrator that every installation has from its first start on. */
  async ensureAdministrator(): Promise<User> {
    await this.database.user.createMany({
      data: [{ id: newId(), name: FIRST_ADMINISTRATOR, role: 'administrator' }],
      skipDuplicates: true,
    });
    return this.database.user.findUniqueOrThrow({ where: { name: FIRST_ADMINISTRATOR } });
  }
}

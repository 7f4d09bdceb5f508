import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Request } from 'express';
import { z } from 'zod';

export const roleSchema = z.enum(['learner', 'instructor', 'administrator']);
export type Role = z.output<typeof roleSchema>;

/** Who makes a request, and with what. */
export interface Principal {
  userId: string;
  name: string;
  role: Role;
  /** The credential, as `token:ID` or `session:ID`: what it opened is closed when it is revoked. */
  subject: string;
}

/** A request after authentication. */
export type AuthenticatedRequest = Request & { principal?: Principal };

export const IS_PUBLIC = Symbol('IS_PUBLIC');
export const ALLOWED_ROLES = Symbol('ALLOWED_ROLES');

/** Marks a route that needs no sign-in. */
export const Public = () => SetMetadata(IS_PUBLIC, true);

/** Marks a route for certain roles only; others get `forbidden`. */
export const AllowRoles = (...roles: Role[]) => SetMetadata(ALLOWED_ROLES, roles);

/** The `Principal` of the request, for routes that are not public. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest<AuthenticatedRequest>().principal;
});

import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { roleSchema } from './principal.js';

const time = z.iso.datetime().describe('UTC, ISO 8601.');
const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must not have control characters');

const userSchema = z.object({ id: z.string(), name: z.string(), role: roleSchema, createdAt: time });

const signInLinkSchema = z.object({
  url: z.string().describe('Opens the page signed in, once.'),
  code: z.string().describe('The same for `POST /api/v1/sessions`.'),
  expiresAt: time,
});

const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: time,
  lastUsedAt: time.nullable(),
  expiresAt: time.nullable(),
});

const secretField = z.string().describe('The token itself. Shown this once.');

export class UserDto extends createZodDto(userSchema) {}
export class UserListDto extends createZodDto(z.object({ items: z.array(userSchema) })) {}
export class CreateUserDto extends createZodDto(
  z.strictObject({ name, role: roleSchema.default('learner') }),
) {}
export class CreatedUserDto extends createZodDto(
  userSchema.extend({ signInLink: signInLinkSchema, token: secretField }),
) {}
export class SignInLinkDto extends createZodDto(signInLinkSchema) {}
export class MeDto extends createZodDto(userSchema) {}

export class TokenListDto extends createZodDto(z.object({ items: z.array(tokenSchema) })) {}
export class CreateTokenDto extends createZodDto(
  z.strictObject({
    name: name.default('token'),
    expiresInDays: z.number().int().min(1).max(3650).optional(),
  }),
) {}
export class CreatedTokenDto extends createZodDto(tokenSchema.extend({ token: secretField })) {}

export class CreateSessionDto extends createZodDto(
  z
    .strictObject({ code: z.string().max(500).optional(), token: z.string().max(500).optional() })
    .refine((body) => (body.code === undefined) !== (body.token === undefined), 'Send either code or token'),
) {}
export class SessionDto extends createZodDto(
  userSchema.extend({ expiresAt: time.describe('Of the session. UTC, ISO 8601.') }),
) {}

import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Throttle } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { ZodResponse } from 'nestjs-zod';
import { DomainError } from '../common/domain-error.js';
import { Idempotent } from '../common/http/idempotency.interceptor.js';
import { publicUrlFor } from '../common/http/public-url.js';
import { Secret } from '../common/secret.js';
import { ENV } from '../config/config.module.js';
import type { Env } from '../config/env.js';
import {
  CreatedTokenDto,
  CreatedUserDto,
  CreateSessionDto,
  CreateTokenDto,
  CreateUserDto,
  MeDto,
  SessionDto,
  SignInLinkDto,
  TokenListDto,
  UserListDto,
} from './accounts.schema.js';
import { showToken, showUser } from './accounts.view.js';
import { comesFromOwnPage } from './origin-check.js';
import { AllowRoles, CurrentPrincipal, type Principal, Public } from './principal.js';
import { clearSessionCookie, writeSessionCookie } from './session-cookie.js';
import { SignInService } from './sign-in.service.js';
import { signInLink } from './sign-in-link.js';
import { TokensService } from './tokens.service.js';
import { UsersService } from './users.service.js';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api/v1')
export class AccountsController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokensService,
  ) {}

  @Get('me')
  @ApiOperation({ summary: 'Who am I' })
  @ZodResponse({ status: 200, type: MeDto })
  async me(@CurrentPrincipal() principal: Principal) {
    return showUser(await this.users.get(principal.userId));
  }

  @Get('tokens')
  @ApiOperation({ summary: 'My API tokens' })
  @ZodResponse({ status: 200, type: TokenListDto })
  async listTokens(@CurrentPrincipal() principal: Principal) {
    return { items: (await this.tokens.list(principal.userId)).map(showToken) };
  }

  @Post('tokens')
  @Idempotent()
  @ApiOperation({ summary: 'Make an API token' })
  @ZodResponse({ status: 201, type: CreatedTokenDto })
  async createToken(@CurrentPrincipal() principal: Principal, @Body() body: CreateTokenDto) {
    const created = await this.tokens.create(principal.userId, body);
    return { ...showToken(created), token: created.token };
  }

  @Delete('tokens/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke a token; what it opened is closed' })
  async revokeToken(@CurrentPrincipal() principal: Principal, @Param('id') id: string) {
    await this.tokens.revoke(principal.userId, id);
  }
}

@ApiTags('accounts')
@Controller('api/v1/sessions')
export class SessionsController {
  constructor(
    private readonly signIn: SignInService,
    private readonly secret: Secret,
    @Inject(ENV) private readonly env: Env,
  ) {}

  @Post()
  @Public()
  @Throttle({ default: { limit: 30, ttl: 60_000 } })
  @ApiOperation({ summary: 'Sign a browser in with the code of a sign-in link or with a token' })
  @ZodResponse({ status: 201, type: SessionDto })
  async create(
    @Body() body: CreateSessionDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    // Else another site could sign a visitor in as somebody else.
    if (!comesFromOwnPage(request, this.env.SEATRIAL_PUBLIC_URL)) {
      throw new DomainError('forbidden', 'This call does not come from our own page');
    }
    const session = await this.signIn.signIn(body);
    const secure = this.env.SEATRIAL_PUBLIC_URL?.startsWith('https:') ?? false;
    writeSessionCookie(response, this.secret, session, secure);
    return { ...showUser(session.user), expiresAt: session.expiresAt.toISOString() };
  }

  @Delete('current')
  @HttpCode(204)
  @ApiOperation({ summary: 'Sign out' })
  async end(@CurrentPrincipal() principal: Principal, @Res({ passthrough: true }) response: Response) {
    await this.signIn.signOut(principal.subject);
    clearSessionCookie(response);
  }
}

@ApiTags('accounts')
@ApiBearerAuth()
@AllowRoles('administrator')
@Controller('api/v1/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokensService,
    private readonly signIn: SignInService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  @Get()
  @ApiOperation({ summary: 'All users' })
  @ZodResponse({ status: 200, type: UserListDto })
  async list() {
    return { items: (await this.users.list()).map(showUser) };
  }

  @Post()
  @Idempotent()
  @ApiOperation({ summary: 'Add a user; the answer has a sign-in link and a first token' })
  @ZodResponse({ status: 201, type: CreatedUserDto })
  async create(@Body() body: CreateUserDto, @Req() request: Request) {
    const user = await this.users.create(body.name, body.role);
    const { token } = await this.tokens.create(user.id, { name: 'first token' });
    return { ...showUser(user), signInLink: await this.createLink(user.id, request), token };
  }

  @Post(':id/sign-in-links')
  @Idempotent()
  @ApiOperation({ summary: 'A new sign-in link for a user' })
  @ZodResponse({ status: 201, type: SignInLinkDto })
  async createSignInLink(@Param('id') id: string, @Req() request: Request) {
    return this.createLink((await this.users.get(id)).id, request);
  }

  private async createLink(userId: string, request: Request) {
    const { code, expiresAt } = await this.signIn.createCode(userId);
    const url = signInLink(publicUrlFor(request, this.env.SEATRIAL_PUBLIC_URL), code);
    return { url, code, expiresAt: expiresAt.toISOString() };
  }
}

import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccountsController, SessionsController, UsersController } from './accounts.controller.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { AuthenticationService } from './authentication.service.js';
import { Revocations } from './revocations.js';
import { SignInService } from './sign-in.service.js';
import { TokensService } from './tokens.service.js';
import { UsersService } from './users.service.js';

/** Users, tokens and sessions, and the guard before every route. */
@Module({
  controllers: [AccountsController, SessionsController, UsersController],
  providers: [
    AuthenticationService,
    Revocations,
    SignInService,
    TokensService,
    UsersService,
    { provide: APP_GUARD, useClass: AuthenticationGuard },
  ],
  exports: [AuthenticationService, Revocations, SignInService, TokensService, UsersService],
})
export class AccountsModule {}

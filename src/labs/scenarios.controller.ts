import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { createZodDto, ZodResponse } from 'nestjs-zod';
import { z } from 'zod';
import { Catalogue } from '../catalog/catalogue.js';
import { publicScenario } from '../catalog/public-scenario.js';
import { DomainError } from '../common/domain-error.js';

const summarySchema = z.object({
  id: z.string(),
  title: z.string(),
  summary: z.string(),
  level: z.enum(['beginner', 'intermediate', 'advanced']),
  minutes: z.number(),
  tags: z.array(z.string()),
  drivers: z.array(z.enum(['simulated', 'kind'])),
  points: z.number(),
  passMark: z.number().describe('Percent of the points that pass.'),
});

const stepSchema = z.object({
  id: z.string(),
  title: z.string(),
  text: z.string().describe('Markdown.'),
  points: z.number(),
  hints: z.number().describe('How many there are.'),
  checks: z.array(z.object({ id: z.string(), title: z.string(), points: z.number() })),
});

class ScenarioListDto extends createZodDto(z.object({ items: z.array(summarySchema) })) {}
class ScenarioDto extends createZodDto(summarySchema.extend({ steps: z.array(stepSchema) })) {}

/** The catalogue as learners see it: never solutions, never how a check works. */
@ApiTags('scenarios')
@ApiBearerAuth()
@Controller('api/v1/scenarios')
export class ScenariosController {
  constructor(private readonly catalogue: Catalogue) {}

  @Get()
  @ApiOperation({ summary: 'All scenarios' })
  @ZodResponse({ status: 200, type: ScenarioListDto })
  list() {
    return { items: this.catalogue.list().map(publicScenario) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'A scenario with its steps' })
  @ZodResponse({ status: 200, type: ScenarioDto })
  get(@Param('id') id: string) {
    const scenario = this.catalogue.get(id);
    if (!scenario) throw new DomainError('scenario-not-found');
    return publicScenario(scenario);
  }
}

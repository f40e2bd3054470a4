import { Logger, Module, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { setHookDistance } from '../../../lib/connection/hook-distance.js';

describe('setHookDistance', () => {
  const logger = new Logger();
  const warn = jest.spyOn(logger, 'warn').mockImplementation(() => undefined);

  afterEach(() => {
    warn.mockClear();
  });

  it('sets the distance of every module of the class, and of no other', async () => {
    class Connection {}
    class Other {}
    const modules = await modulesWith(
      { module: Connection, providers: [{ provide: 'NAME', useValue: 'a' }] },
      { module: Connection, providers: [{ provide: 'NAME', useValue: 'b' }] },
      { module: Other },
    );
    const before = distancesOf(modules, Other);

    setHookDistance(modules, Connection, -1, logger);

    expect(distancesOf(modules, Connection)).toEqual([-1, -1]);
    expect(distancesOf(modules, Other)).toEqual(before);
    expect(warn).not.toHaveBeenCalled();
  });

  it('warns when the module is not among those of the application', async () => {
    class Connection {}

    setHookDistance(await modulesWith(), Connection, -1, logger);

    expect(warn).toHaveBeenCalledWith(expect.stringContaining('does not let Connection choose its place'));
  });

  it('warns when Nest does not take the distance', () => {
    class Connection {}
    const stubborn = {
      metatype: Connection,
      get distance() {
        return 1;
      },
      set distance(_: number) {},
    };
    const modules = new Map([['a', stubborn]]) as unknown as ModulesContainer;

    setHookDistance(modules, Connection, -1, logger);

    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('decides the order of the hooks: least starts last and stops first', async () => {
    const hooks: string[] = [];
    const module = await Test.createTestingModule({
      imports: [last, first].map((place) => placed(place, hooks)),
    }).compile();
    await module.init();
    await module.close();

    expect(hooks).toEqual(['first starts', 'last starts', 'last is destroyed', 'first is destroyed']);
  });
});

interface Place {
  name: string;
  distance: number;
}

const first: Place = { name: 'first', distance: Number.MAX_VALUE };
const last: Place = { name: 'last', distance: -1 };

function placed({ name, distance }: Place, hooks: string[]): Type {
  @Module({})
  class PlacedModule {
    constructor(modules: ModulesContainer) {
      setHookDistance(modules, PlacedModule, distance, new Logger());
    }

    onApplicationBootstrap() {
      hooks.push(`${name} starts`);
    }

    onModuleDestroy() {
      hooks.push(`${name} is destroyed`);
    }
  }
  return PlacedModule;
}

async function modulesWith(...imports: { module: Type; providers?: object[] }[]): Promise<ModulesContainer> {
  const module = await Test.createTestingModule({ imports: imports as never }).compile();
  return module.get(ModulesContainer);
}

function distancesOf(modules: ModulesContainer, metatype: Type): number[] {
  return [...modules.values()].filter((reference) => reference.metatype === metatype).map(({ distance }) => distance);
}

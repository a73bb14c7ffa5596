/** Reads a config as a start would, and starts nothing: for those who want to know before. */
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { systemClock } from '../engine/clock.ts';

/** CONFIG_INVALID for what a start would refuse. */
export function checkConfig(configFile: string | undefined): Promise<LoadedConfig> {
  // Inline: threads would start to import the config once more, and nobody is there to end them.
  return loadConfig({ file: configFile, clock: systemClock, functions: 'inline' });
}

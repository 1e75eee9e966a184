/** The map's colours for light and dark, the same as in styles/tokens.css. */

export type Theme = 'light' | 'dark';

/** The groups of vehicle status that are drawn differently. */
export type StatusGroup = 'service' | 'waiting' | 'late' | 'out' | 'alarm';

export interface Palette {
  sea: string;
  land: string;
  coast: string;
  park: string;
  grid: string;
  route: string;
  routeCasing: string;
  paper: string;
  ink: string;
  stale: string;
  ring: string;
  status: Record<StatusGroup, string>;
}

export const PALETTES: Record<Theme, Palette> = {
  light: {
    sea: '#d3dfe3',
    land: '#f3f1ea',
    coast: '#b7c4c6',
    park: '#dfe8d4',
    grid: '#1b2a3310',
    route: '#8fa3ad',
    routeCasing: '#fbfaf6',
    paper: '#ffffff',
    ink: '#16242c',
    stale: '#8a949a',
    ring: '#16242c',
    status: { service: '#0f7a5c', waiting: '#2f63b8', late: '#b56a00', alarm: '#c22f35', out: '#6a5c78' },
  },
  dark: {
    sea: '#0c1418',
    land: '#182127',
    coast: '#33434c',
    park: '#1a2b26',
    grid: '#ffffff0c',
    route: '#566a76',
    routeCasing: '#10181c',
    paper: '#1f2a31',
    ink: '#eef3f4',
    stale: '#7d8a92',
    ring: '#eef3f4',
    status: { service: '#35b58c', waiting: '#6ea1f0', late: '#e8a13c', alarm: '#f0686b', out: '#a795b8' },
  },
};

import type { ClassDto } from '#core/api/project.ts';
import type { RouteLocationRaw } from 'vue-router';
import type { Tab } from './tabs.ts';

export interface Findable {
  id: string;
  group: 'Actions' | 'Pages' | 'Classes' | 'Images';
  label: string;
  hint?: string | undefined;
  color?: string | undefined;
  imageId?: string | undefined;
  to?: RouteLocationRaw;
  run?: () => void;
}

/** Every word of the text must begin a word of the label; the order stays as given. */
export function matches(item: Findable, text: string): boolean {
  const label = item.label.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => word === '' || label.startsWith(word) || label.includes(` ${word}`) || (word.length > 2 && label.includes(word)));
}

export function pageItems(tabs: readonly Tab[], project: string): Findable[] {
  const own = tabs.map((tab): Findable => ({ id: `page-${tab.name}`, group: 'Pages', label: tab.label, to: { name: tab.name, params: { project } } }));
  return [...own, { id: 'page-projects', group: 'Pages', label: 'All projects', to: '/' }, { id: 'page-account', group: 'Pages', label: 'Account and API tokens', to: { name: 'account' } }];
}

export function classItems(classes: readonly ClassDto[], project: string): Findable[] {
  return classes.filter((c) => !c.retired).map((c) => ({
    id: `class-${c.index}`, group: 'Classes', label: c.name, hint: 'images with it', color: c.color, to: { name: 'images', params: { project }, query: { class: String(c.index) } },
  }));
}

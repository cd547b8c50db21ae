/**
 * Item view: one setting with the control it has.
 * @module
 */
import type { ReactNode } from 'react';
import { Control, TextSize } from './controls.tsx';
import { Dates, Deed, Elsewhere, Export, Forget, Shortcuts, Version } from './deeds.tsx';
import type { ShownItem } from './items.ts';
import { Log } from './log.tsx';
import { OwnId } from './own-id.tsx';
import { Blocked, Door, Verified } from './people.tsx';
import { Relays } from './relays.tsx';
import { HomeNetworks, SecretLine } from './routes.tsx';
import { ServingRelay } from './serving-relay.tsx';
import style from './settings.module.css';

export function ItemView({ item }: { readonly item: ShownItem }) {
  return (
    <li className={style['item']} data-setting={item.id}>
      {viewOf(item)}
    </li>
  );
}

function viewOf(item: ShownItem): ReactNode {
  switch (item.id) {
    case 'id':
      return <OwnId item={item} />;
    case 'profiles':
    case 'passphrase':
    case 'lock.afterMinutes':
      return <Elsewhere item={item} path="/profiles" />;
    case 'doctor':
      return <Elsewhere item={item} path="/network" />;
    case 'door':
      return <Door item={item} />;
    case 'blocked':
      return <Blocked item={item} />;
    case 'verified':
      return <Verified item={item} />;
    case 'app.textSize':
      return <TextSize item={item} />;
    case 'shortcuts':
      return <Shortcuts item={item} />;
    case 'language':
      return <Deed item={item} />;
    case 'dates':
      return <Dates item={item} />;
    case 'relays.list':
      return <Relays item={item} />;
    case 'relay.serve':
      return <ServingRelay item={item} />;
    case 'nearby.home':
      return <HomeNetworks item={item} />;
    case 'proxy.password':
      return <SecretLine item={item} />;
    case 'log':
      return <Log item={item} />;
    case 'export':
      return <Export item={item} />;
    case 'forget':
      return <Forget item={item} />;
    case 'version':
      return <Version item={item} />;
    default:
      return <Control item={item} />;
  }
}

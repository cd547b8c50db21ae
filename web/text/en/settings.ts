/**
 * English: settings. What follows from a setting stands in one line below its name.
 * @module
 */
export const SETTINGS = {
  'settings.title': 'Settings',
  'settings.search': 'Search the settings',
  'settings.none': 'No setting matches “{query}”',
  'settings.found': '{count, plural, one {# setting} other {# settings}}',
  'settings.not-saved': 'Not saved.',
  'settings.refused': '{what}. Correct it and save it again.',
  'settings.restart': 'Takes effect at the next start of the app.',
  'settings.given':
    'Given when the app was started ({source, select, flag {by a flag} other {by the ' +
    'environment}}), so it cannot be changed here.',
  'settings.save': 'Save',
  'settings.saved': 'Saved',
  'settings.open': 'Open',

  'settings.profile': 'Profile & ID',
  'settings.profile.line': 'Your name, your ID, other profiles',
  'settings.privacy': 'Privacy',
  'settings.privacy.line': 'Who may ask to chat, whom you blocked',
  'settings.routes': 'Routes',
  'settings.routes.line': 'How chats connect, relays, proxy, people nearby',
  'settings.security': 'Security',
  'settings.security.line': 'Passphrase, locking, verified people',
  'settings.appearance': 'Appearance',
  'settings.appearance.line': 'Colours, size of the text, motion',
  'settings.keyboard': 'Keyboard',
  'settings.keyboard.line': 'What Enter does, single keys, the list of shortcuts',
  'settings.language': 'Language',
  'settings.language.line': 'Language of the app, dates and times',
  'settings.network': 'Network',
  'settings.network.line': 'Ports, helpers, what this computer listens on',
  'settings.advanced': 'Advanced',
  'settings.advanced.line': 'Log, export, signing out browsers, tests',
  'settings.help': 'Help',
  'settings.help.line': 'Network doctor, shortcuts, version',

  'settings.name': 'Your name',
  'settings.name.line': 'Only people you add see it. Empty: none is told.',
  'settings.id': 'Your ID',
  'settings.id.line': 'Who has it alone can only ask to be let in.',
  'settings.id.qr': 'Show as QR code',
  'settings.id.qr.hide': 'Hide the QR code',
  'settings.id.qr.label': 'QR code of your ID',
  'settings.profiles': 'Profiles',
  'settings.profiles.line': 'Other identities on this computer, each with people of its own.',
  'settings.door': 'People who have my ID can ask to chat',
  'settings.blocked': 'Blocked people',
  'settings.blocked.line': 'Nothing goes to them and nothing comes from them. They are not told.',
  'settings.blocked.none': "You haven't blocked anyone.",
  'settings.unblock': 'Unblock',
  'settings.unblocked': '{name} is not blocked any more.',
  'settings.passphrase': 'Passphrase',
  'settings.passphrase.line': 'Without it nobody can open this profile, here or from a copy.',
  'settings.lock': 'Lock by itself',
  'settings.lock.line': 'After some minutes without anyone at a screen. Needs a passphrase.',
  'settings.verified': 'Verified people',
  'settings.verified.line': 'Whose safety number you found the same as theirs.',
  'settings.verified.none': 'You have not compared a safety number with anyone yet.',
  'settings.routes.default': 'How new chats connect',
  'settings.routes.default.line':
    'For people you add from now on; each chat can be set by itself. Strangers and requests ' +
    'go through Hidden IP.',
  'settings.relays.list': 'Your relays',
  'settings.relays.list.line':
    'Used before all other relays. A relay sees your IP address and when you talk, never what ' +
    'you say. You may run one yourself, or ask whoever runs one for its text.',
  'settings.relays.none': 'None is in your list.',
  'settings.relays.add': 'Add another relay',
  'settings.relays.add.line': 'Paste its text, such as sotto-relay:…@203.0.113.7:443.',
  'settings.relays.add.do': 'Add',
  'settings.relays.no-relay':
    'This is no relay. Its text begins with sotto-relay: and ends with an address and a port.',
  'settings.relays.there': 'This relay is in your list already.',
  'settings.relays.added': '{count, plural, one {Relay added.} other {# relays added.}}',
  'settings.relays.remove': 'Remove',
  'settings.relays.removed': '{relay} was removed.',
  'settings.relays.undo': 'Undo',
  'settings.relays.others': 'Other relays that are used now',
  'settings.relays.others.none':
    'None. A contact whose computer can be reached becomes one by itself.',
  'settings.relays.of.contact': "A contact's",
  'settings.relays.of.public': 'A public relay, run by a stranger',
  'settings.relays.state.ready': 'Ready, {ms, number} ms',
  'settings.relays.state.reserved': 'Ready',
  'settings.relays.state.placeless': 'Answers, and has given this computer no place so far',
  'settings.relays.state.silent': 'Does not answer',
  'settings.relays.state.trying': 'Trying…',
  'settings.relays.state.spare': 'In reserve',
  'settings.relays.public': 'Use public relays',
  'settings.relays.public.line':
    'Looked for when you and your contacts have too few. Strangers run them: they see your IP ' +
    'address and when you talk, never what you say, and some helpers learn that this computer ' +
    'uses the app. Not looked for while new chats are set to Hidden IP.',
  'settings.relay.serve': 'Be a relay for others',
  'settings.relay.serve.line':
    'Works where this computer can be reached from outside. A relay passes on what it cannot ' +
    'read, and keeps no record of it.',
  'settings.relay.serve.off': 'Nobody',
  'settings.relay.serve.off.line': 'This computer passes on nothing for others.',
  'settings.relay.serve.contacts': 'My contacts',
  'settings.relay.serve.contacts.line':
    'Only those who may see the IP address of this computer learn of it.',
  'settings.relay.serve.public': 'Everybody',
  'settings.relay.serve.public.line':
    'Strangers use it, and everybody can find the IP address of this computer. Each ' +
    'conversation may take up to 1 Mbit/s.',
  'settings.relay.now': 'This computer as a relay',
  'settings.relay.clients':
    '{count, plural, =0 {Nobody uses it now.} one {# computer uses it now.} ' +
    'other {# computers use it now.}}',
  'settings.relay.text': 'Give this text to those who shall use it:',
  'settings.relay.text.copy': 'Copy the text',
  'settings.relay.text.none':
    'It cannot be named yet: this computer knows no public address of its own.',
  'settings.relay.listed': 'Everybody can find it now, through helpers.',
  'settings.relay.unlisted':
    'Strangers cannot find it yet: helpers have not been told of it, or nobody can reach it ' +
    'from outside.',
  'settings.relay.443.open': 'Port 443 is open to people whose network passes only the web.',
  'settings.relay.443.denied':
    'Port 443 is not open: the system keeps it for programs that have the right to low ports.',
  'settings.relay.443.taken': 'Port 443 is not open: another program has it.',
  'settings.relay.443': 'Port 443 for the relay',
  'settings.relay.443.line':
    'A relay for everybody listens there too, where the system lets it: for people whose ' +
    'network passes only the web.',
  'settings.trackers': 'Trackers',
  'settings.trackers.line':
    'BitTorrent trackers by which you and your contacts find each other too. Who runs one sees ' +
    'your IP address, and which addresses look for each other; not who you are. Never asked for ' +
    'chats with Hidden IP.',
  'settings.nearby.on': 'Nearby',
  'settings.nearby.on.line':
    'Finds contacts who are in the same network, with or without the internet. It works in ' +
    'networks that you mark as home, and nowhere else.',
  'settings.nearby.home': 'Home networks',
  'settings.nearby.home.line':
    'Only in these does Nearby work. The marks stay on this device and tell nobody which ' +
    'networks they are.',
  'settings.nearby.home.count':
    '{count, plural, =0 {No network is marked.} one {# network is marked.} ' +
    'other {# networks are marked.}}',
  'settings.nearby.home.here': 'This network is home',
  'settings.nearby.home.not-here': 'This network is not home',
  'settings.port-mapping': 'Ask the router to open a port',
  'settings.port-mapping.line':
    'Then people reach you directly at once. Off: some routers take longer, or need a relay.',
  'settings.proxy': 'Proxy',
  'settings.proxy.line': 'The way out of this computer, for everything the app sends.',
  'settings.proxy.none': 'None',
  'settings.proxy.none.line': 'The app uses the network as it is.',
  'settings.proxy.socks5': 'SOCKS5, such as Tor',
  'settings.proxy.socks5.line':
    'Nothing leaves past it, and nobody can call this computer directly.',
  'settings.proxy.http': 'HTTP',
  'settings.proxy.http.line':
    'Nothing leaves past it, and nobody can call this computer directly. Many let port 443 ' +
    'through alone.',
  'settings.proxy.address': 'Where the proxy is',
  'settings.proxy.address.line':
    'Such as 127.0.0.1:9050. While a proxy is chosen and this is empty, nothing leaves.',
  'settings.proxy.user': 'Name at the proxy',
  'settings.proxy.user.line':
    'Empty: none. With SOCKS5 each contact then gets a random one, so that Tor keeps their ways ' +
    'apart.',
  'settings.proxy.password': 'Password at the proxy',
  'settings.proxy.password.line': 'It is kept on this device and never shown again.',
  'settings.secret.kept': 'One is kept',
  'settings.secret.forget': 'Forget it',
  'settings.proxy.udp': 'UDP beside the proxy',
  'settings.proxy.udp.line': 'UDP does not pass a proxy.',
  'settings.proxy.udp.off': 'None',
  'settings.proxy.udp.off.line': 'Nobody new is found; people you know are called where they were.',
  'settings.proxy.udp.direct': 'Past the proxy',
  'settings.proxy.udp.direct.line':
    'People can be found; helpers and contacts then see your IP address.',
  'settings.theme': 'Colours',
  'settings.theme.line': 'High contrast is white and few colours on black.',
  'settings.theme.system': 'As the system',
  'settings.theme.light': 'Light',
  'settings.theme.dark': 'Dark',
  'settings.theme.contrast': 'High contrast',
  'settings.density': 'Rows of lists',
  'settings.density.line': 'Close together shows more of them at once.',
  'settings.density.normal': 'With room',
  'settings.density.compact': 'Close together',
  'settings.text-size': 'Size of the text',
  'settings.text-size.line': 'On top of what the browser says.',
  'settings.text-size.value': '{percent} %',
  'settings.motion': 'Motion',
  'settings.motion.line': 'Nothing blinks either way.',
  'settings.motion.system': 'As the system',
  'settings.motion.less': 'Less: nothing moves',
  'settings.enter': 'Enter sends the message',
  'settings.enter.line': 'Shift+Enter begins a new line. Off: the reverse.',
  'settings.single-keys': 'Single keys on a message',
  'settings.single-keys.line': 'Such as R for reply, while a message has the focus.',
  'settings.shortcuts': 'Keyboard shortcuts',
  'settings.shortcuts.line': 'All of them in one list.',
  'settings.language.name': 'Language of the app',
  'settings.language.value': 'English',
  'settings.dates': 'Dates and times',
  'settings.dates.line': 'As your browser writes them, such as {example}.',
  'settings.doctor': 'Network doctor',
  'settings.doctor.line': 'What works, what does not, and what to do.',
  'settings.version': 'Version',
  'settings.net.port': 'Port for people',
  'settings.net.bind': 'Addresses to listen on',
  'settings.net.udp': 'UDP',
  'settings.net.tcp': 'TCP',
  'settings.dht.enabled': 'Find people',
  'settings.dht.bootstrap': 'First helpers',
  'settings.dht.read-only': 'Help nobody',
  'settings.api.port': 'Port of this page',
  'settings.echo': 'Echo',
  'settings.reserved': 'Reserved addresses',
  'settings.log-level': 'What the log keeps',
  'settings.log-level.line': 'The log stays on this computer, and is for finding faults.',
  'settings.log-level.debug': 'Everything, addresses too',
  'settings.log-level.info': 'What happens',
  'settings.log-level.warn': 'What goes wrong',
  'settings.log-level.error': 'Faults alone',
  'settings.log': 'Log',
  'settings.log.line': 'What the app did, without IDs, names and texts. It is kept for a day.',
  'settings.log.show': 'Show the log',
  'settings.log.hide': 'Hide the log',
  'settings.log.lines': 'Lines of the log, the newest last',
  'settings.log.empty': 'The log is empty.',
  'settings.log.failed': "The log couldn't be read.",
  'settings.export': 'Export settings',
  'settings.export.line':
    'A file with every setting. No messages, no people and no keys are in it.',
  'settings.export.save': 'Save as a file',
  'settings.forget': 'Sign out all browsers',
  'settings.forget.line':
    'This one too. Chats and messages stay; typing sotto open in a terminal lets a browser in.',
  'settings.forget.do': 'Sign out',
  'settings.forget.confirm': 'Sign out every browser?',
} as const;

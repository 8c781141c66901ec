"""The door through which parts come in: operators, objectives, heuristics and four kinds more.

A kind of part is a table from names to parts. The built-in ones come through the same door as
anybody's: a third party registers in a module that an entry point of the kind's group names (or
names the part itself there); `LOGICX_PLUGINS` restricts which entry points are loaded (names joined
by commas; empty for none). Nothing is loaded before it is asked for.

A plug-in that cannot be loaded is named in one warning and left out, with all that it registered.
"""

from logicx.parts.kinds import Kind as Kind
from logicx.parts.kinds import Registered as Registered
from logicx.parts.owners import Owned as Owned
from logicx.parts.owners import Owner as Owner
from logicx.parts.owners import answering as answering
from logicx.parts.plugins import KINDS as KINDS

"""One part of each kind, each in a module that logicx loads when it is first asked for."""

"""Images: banks from label maps, units from the maps of layers, pictures."""

"""The portal's users as a load: what they do, how often, and what the portal must answer."""

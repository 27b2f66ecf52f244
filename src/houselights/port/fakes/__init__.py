"""What every invented platform needs: tokens that carry their own facts, and a consent page. Pure."""

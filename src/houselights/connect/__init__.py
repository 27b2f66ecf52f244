"""What a creator sees while connecting an account."""

"""The page that shows the face."""

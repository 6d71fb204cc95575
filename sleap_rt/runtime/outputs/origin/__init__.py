"""What results were made from, and the marks by which they tell it."""

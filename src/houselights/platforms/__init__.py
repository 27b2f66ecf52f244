"""The dialects: `ls` here is the list of platforms that houselights speaks. Pure."""

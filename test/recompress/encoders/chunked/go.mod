// Marks the root of the module. What is required stands in versions/, one file for each version.
module example.test/barge/encoders/chunked

go 1.19

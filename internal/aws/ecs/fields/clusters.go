package fields

// CreateCluster is the table of CreateCluster.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
func CreateCluster() Table {
	return Table{Operation: "CreateCluster", Fields: rows(
		doneBelow("", "clusterName", "capacityProviders"),
		doneBelow("defaultCapacityProviderStrategy[].", "capacityProvider", "base", "weight"),
		settings(), tagFields(),
	)}
}

// UpdateCluster is the table of UpdateCluster.
func UpdateCluster() Table {
	return Table{Operation: "UpdateCluster", Fields: rows(doneBelow("", "cluster"), settings())}
}

// UpdateClusterSettings is the table of UpdateClusterSettings.
func UpdateClusterSettings() Table {
	return Table{Operation: "UpdateClusterSettings", Fields: rows(doneBelow("", "cluster"), containerInsights())}
}

func settings() []Field {
	const exec = "configuration.executeCommandConfiguration."
	return rows(containerInsights(), []Field{
		done(exec + "logging"),
		done(exec + "logConfiguration.cloudWatchLogGroupName"),
		refused(exec+"kmsKeyId", "sessions are not encrypted under a key of yours; the channel is as safe as the endpoint it is opened on; remove it"),
		refused(exec+"logConfiguration.cloudWatchEncryptionEnabled", "log groups are not encrypted under KMS keys; remove it or set it to false"),
		refused(exec+"logConfiguration.s3BucketName", "sessions are kept in CloudWatch Logs; use cloudWatchLogGroupName"),
		refused(exec+"logConfiguration.s3EncryptionEnabled", "sessions are kept in CloudWatch Logs; use cloudWatchLogGroupName"),
		refused(exec+"logConfiguration.s3KeyPrefix", "sessions are kept in CloudWatch Logs; use cloudWatchLogGroupName"),
		noEffect("configuration.managedStorageConfiguration", "kept and described; task storage is the node's disk"),
		{Path: "serviceConnectDefaults.namespace", Class: Done, Note: "a name that no namespace has makes one, as AWS does"},
	})
}

func containerInsights() []Field {
	return doneBelow("settings[].", "name", "value")
}

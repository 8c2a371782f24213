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
	return rows(containerInsights(), []Field{
		noEffect("configuration.executeCommandConfiguration", "kept and described; ECS Exec comes later"),
		noEffect("configuration.managedStorageConfiguration", "kept and described; task storage is the node's disk"),
		refused("serviceConnectDefaults", later),
	})
}

func containerInsights() []Field {
	return []Field{noEffect("settings", "containerInsights is kept and described; its metrics come later")}
}
